local folders = require('evenkeel.folders')

local M = {}

-- Vite's names and those of frameworks that read no `vite.config`, the only ones in this client.
local configs = { 'vite.config', 'astro.config', 'nuxt.config' }
local endings = { 'ts', 'mts', 'cts', 'js', 'mjs', 'cjs' }

local function is_app(folder)
  for _, config in ipairs(configs) do
    for _, ending in ipairs(endings) do
      if vim.fn.filereadable(('%s/%s.%s'):format(folder, config, ending)) == 1 then
        return folder
      end
    end
  end
end

--- The nearest folder above a buffer's file that has one of these configs.
function M.of(buffer)
  local file = vim.api.nvim_buf_get_name(buffer)
  if file == '' or vim.bo[buffer].buftype ~= '' then
    return nil
  end
  return folders.nearest(vim.fn.fnamemodify(file, ':p:h'), is_app)
end

return M
