local client = require('evenkeel.client')
local status = require('evenkeel.status')

local M = {}

local filetypes = { 'typescript', 'typescriptreact', 'javascript', 'javascriptreact', 'vue', 'svelte', 'astro' }

--- @param options? { cmd?: string[] }
function M.setup(options)
  local cmd = (options or {}).cmd
  local group = vim.api.nvim_create_augroup('evenkeel', { clear = true })
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = filetypes,
    callback = function(event)
      client.attach(event.buf, cmd)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.tbl_contains(filetypes, vim.bo[buffer].filetype) then
      client.attach(buffer, cmd)
    end
  end
  vim.api.nvim_create_user_command('EvenkeelRestart', function()
    client.execute('evenkeel.restartDevServer')
  end, { desc = 'Restart the Vite dev server', force = true })
  vim.api.nvim_create_user_command('EvenkeelTimeline', function()
    client.execute('evenkeel.showTimeline')
  end, { desc = 'Show the timeline of re-optimizations', force = true })
end

--- Short text for 'statusline'; empty where there is nothing to tell.
function M.statusline()
  return status.text(client.status())
end

return M
