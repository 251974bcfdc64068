local M = {}

local endings = { 'ts', 'mts', 'cts', 'js', 'mjs', 'cjs' }

--- The nearest folder above a buffer's file that has a Vite config.
function M.of(buffer)
  local file = vim.api.nvim_buf_get_name(buffer)
  if file == '' or vim.bo[buffer].buftype ~= '' then
    return nil
  end
  local folder = vim.fn.fnamemodify(file, ':p:h')
  while true do
    for _, ending in ipairs(endings) do
      if vim.fn.filereadable(folder .. '/vite.config.' .. ending) == 1 then
        return folder
      end
    end
    local above = vim.fn.fnamemodify(folder, ':h')
    if above == folder then
      return nil
    end
    folder = above
  end
end

return M
