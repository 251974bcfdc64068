local folders = require('evenkeel.folders')

local M = {}

-- Vite's names, the only ones in this client.
local endings = { 'ts', 'mts', 'cts', 'js', 'mjs', 'cjs' }

local function is_app(folder)
  for _, ending in ipairs(endings) do
    if vim.fn.filereadable(folder .. '/vite.config.' .. ending) == 1 then
      return folder
    end
  end
end

--- The nearest folder above a buffer's file that has a Vite config.
function M.of(buffer)
  local file = vim.api.nvim_buf_get_name(buffer)
  if file == '' or vim.bo[buffer].buftype ~= '' then
    return nil
  end
  return folders.nearest(vim.fn.fnamemodify(file, ':p:h'), is_app)
end

return M
