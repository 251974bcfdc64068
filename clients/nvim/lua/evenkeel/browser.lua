local M = {}

local function opener()
  for _, program in ipairs({ 'xdg-open', 'open', 'explorer.exe' }) do
    if vim.fn.executable(program) == 1 then
      return program
    end
  end
end

--- Opens a URL outside of Neovim; false when there is nothing to do it with.
function M.open(url)
  if vim.ui.open then
    return vim.ui.open(url) ~= nil
  end
  local program = opener()
  return program ~= nil and vim.fn.jobstart({ program, url }, { detach = true }) > 0
end

return M
