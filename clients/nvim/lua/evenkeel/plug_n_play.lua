local folders = require('evenkeel.folders')

local M = {}

--- Yarn's script resolves a request in the name of the package that makes it. The program is the plugin's dependency, not the app's.
local ask = [[
  const { join } = require('node:path')
  const { resolveToUnqualified } = require('pnpapi')
  const [app, program] = process.argv.slice(1)
  const plugin = resolveToUnqualified('evenkeel', join(app, '/'))
  console.log(resolveToUnqualified(program, join(plugin, '/')))
]]

--- The answers for each folder, and how old the script was that gave them: it takes Node a while.
local answers = {}

local function script_of(folder)
  local file = folder .. '/.pnp.cjs'
  return vim.fn.filereadable(file) == 1 and file or nil
end

local function run(script, folder, program)
  local node = { 'node', '--require', script, '--eval', ask, '--', folder, program }
  for _, line in ipairs(vim.fn.systemlist(node)) do
    if vim.fn.executable(line) == 1 then
      return line
    end
  end
end

--- Where Yarn keeps a program that the plugin depends on, for an app that has no `node_modules`.
function M.resolve(folder, program)
  local script = folders.nearest(folder, script_of)
  if not script or vim.fn.executable('node') == 0 then
    return nil
  end
  local changed = vim.fn.getftime(script)
  if not answers[folder] or answers[folder].changed ~= changed then
    answers[folder] = { changed = changed, file = run(script, folder, program) }
  end
  return answers[folder].file
end

return M
