local folders = require('evenkeel.folders')
local plug_n_play = require('evenkeel.plug_n_play')

local M = {}

local platforms = { Linux = 'linux', Darwin = 'darwin', Windows_NT = 'win32' }
local architectures = { x86_64 = 'x64', aarch64 = 'arm64' }

--- The program as what imports it would write it: the package of this system, and the file in it.
local function program()
  local uname = vim.loop.os_uname()
  local platform = platforms[uname.sysname] or uname.sysname
  local architecture = architectures[uname.machine] or uname.machine
  local executable = platform == 'win32' and 'evenkeel.exe' or 'evenkeel'
  return ('@evenkeel/%s-%s/bin/%s'):format(platform, architecture, executable)
end

--- pnpm and others link a package from a store of their own, in which what it depends on lies beside it.
local function beside_plugin(modules)
  local plugin = vim.loop.fs_realpath(modules .. '/evenkeel')
  return plugin and vim.fn.fnamemodify(plugin, ':h')
end

local function installed(folder)
  local modules = folder .. '/node_modules'
  for _, place in ipairs({ modules, beside_plugin(modules) }) do
    local file = place .. '/' .. program()
    if vim.fn.executable(file) == 1 then
      return file
    end
  end
end

--- EVENKEEL_BINARY, else what is installed for the app in a folder, else what is on the PATH; nil if there is none.
function M.find(folder)
  local found = vim.env.EVENKEEL_BINARY
    or folders.nearest(folder, installed)
    or plug_n_play.resolve(folder, program())
    or 'evenkeel'
  return vim.fn.executable(found) == 1 and vim.fn.exepath(found) or nil
end

return M
