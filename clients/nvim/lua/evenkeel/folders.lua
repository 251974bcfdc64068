local M = {}

--- The first answer to `look` of a folder and those above it.
function M.nearest(folder, look)
  while true do
    local found = look(folder)
    local above = vim.fn.fnamemodify(folder, ':h')
    if found or above == folder then
      return found
    end
    folder = above
  end
end

return M
