local folders = require('evenkeel.folders')

local M = {}

local platforms = { Linux = 'linux', Darwin = 'darwin', Windows_NT = 'win32' }
local architectures = { x86_64 = 'x64', aarch64 = 'arm64' }

local function installed(folder)
  local uname = vim.loop.os_uname()
  local platform = platforms[uname.sysname] or uname.sysname
  local architecture = architectures[uname.machine] or uname.machine
  local file = ('%s/node_modules/@evenkeel/%s-%s/bin/evenkeel'):format(folder, platform, architecture)
  return vim.fn.executable(file) == 1 and file or nil
end

--- EVENKEEL_BINARY, else what is installed for the app in a folder, else what is on the PATH; nil if there is none.
function M.find(folder)
  local found = vim.env.EVENKEEL_BINARY or folders.nearest(folder, installed) or 'evenkeel'
  return vim.fn.executable(found) == 1 and vim.fn.exepath(found) or nil
end

return M
