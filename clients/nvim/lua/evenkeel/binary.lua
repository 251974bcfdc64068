local M = {}

local platforms = { Linux = 'linux', Darwin = 'darwin', Windows_NT = 'win32' }
local architectures = { x86_64 = 'x64', aarch64 = 'arm64', arm64 = 'arm64' }

--- EVENKEEL_BINARY, else what is installed for the app in a folder, else what is on the PATH; nil if there is none.
function M.find(folder)
  local uname = vim.loop.os_uname()
  local platform = ('%s-%s'):format(platforms[uname.sysname], architectures[uname.machine])
  local installed = ('node_modules/@evenkeel/%s/bin/evenkeel'):format(platform)
  for _, found in ipairs({ vim.env.EVENKEEL_BINARY or '', vim.fn.findfile(installed, folder .. ';'), 'evenkeel' }) do
    local path = vim.fn.exepath(found)
    if path ~= '' then
      return path
    end
  end
end

return M
