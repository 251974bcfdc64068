local folders = require('evenkeel.folders')

local M = {}

local platforms = { Linux = 'linux', Darwin = 'darwin', Windows_NT = 'win32' }
local architectures = { x86_64 = 'x64', aarch64 = 'arm64' }

local function executable(modules)
  local uname = vim.loop.os_uname()
  local platform = platforms[uname.sysname] or uname.sysname
  local architecture = architectures[uname.machine] or uname.machine
  local file = ('%s/@evenkeel/%s-%s/bin/evenkeel'):format(modules, platform, architecture)
  return vim.fn.executable(file) == 1 and file or nil
end

local function installed(folder)
  local modules = folder .. '/node_modules'
  -- pnpm links a package from a store of its own, in which what it depends on lies beside it.
  local plugin = vim.loop.fs_realpath(modules .. '/evenkeel')
  return executable(modules) or (plugin and executable(vim.fn.fnamemodify(plugin, ':h')))
end

--- EVENKEEL_BINARY, else what is installed for the app in a folder, else what is on the PATH; nil if there is none.
function M.find(folder)
  local found = vim.env.EVENKEEL_BINARY or folders.nearest(folder, installed) or 'evenkeel'
  return vim.fn.executable(found) == 1 and vim.fn.exepath(found) or nil
end

return M
