local binary = require('evenkeel.binary')
local browser = require('evenkeel.browser')
local root = require('evenkeel.root')

local M = {}

--- What each client told last, by its id.
local statuses = {}
--- The client of each root. Newer Neovims keep account of that themselves.
local started = {}
local warned = false

local function warn(message)
  vim.notify('evenkeel: ' .. message, vim.log.levels.WARN)
end

local handlers = {
  ['experimental/serverStatus'] = function(_, status, context)
    statuses[context.client_id] = status
    vim.cmd('redrawstatus!')
  end,
  -- Neovims before 0.9 do not know this request. What is shown is always a page for a browser.
  ['window/showDocument'] = function(_, shown)
    if not browser.open(shown.uri) then
      warn('nothing here opens a browser; the timeline is at ' .. shown.uri)
      return { success = false }
    end
    return { success = true }
  end,
}

local function config(folder, cmd)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.window = vim.tbl_extend('force', capabilities.window or {}, { showDocument = { support = true } })
  -- By rust-analyzer's name: it is no part of the protocol, and told only to those who ask for it.
  capabilities.experimental = vim.tbl_extend('force', capabilities.experimental or {}, { serverStatusNotification = true })
  return {
    name = 'evenkeel',
    cmd = cmd,
    root_dir = folder,
    workspace_folders = { { uri = vim.uri_from_fname(folder), name = folder } },
    capabilities = capabilities,
    handlers = handlers,
    on_exit = function(_, _, id)
      statuses[id] = nil
      if started[folder] == id then
        started[folder] = nil
      end
    end,
  }
end

--- Starts the language server for the app that a buffer belongs to, unless it runs already.
function M.attach(buffer, cmd)
  local folder = root.of(buffer)
  if not folder then
    return
  end
  local found = not cmd and binary.find(folder)
  cmd = cmd or (found and { found, 'lsp' })
  if not cmd or vim.fn.executable(cmd[1]) == 0 then
    if not warned then
      warn('the program evenkeel was not found; install it, or name it in setup({ cmd = { … } })')
      warned = true
    end
  elseif vim.lsp.start then
    vim.lsp.start(config(folder, cmd), { bufnr = buffer })
  else
    started[folder] = started[folder] or vim.lsp.start_client(config(folder, cmd))
    vim.lsp.buf_attach_client(buffer, started[folder])
  end
end

local function clients(filter)
  if vim.lsp.get_clients then
    return vim.lsp.get_clients({ name = 'evenkeel', bufnr = filter.buffer })
  end
  local all = filter.buffer and vim.lsp.buf_get_clients(filter.buffer) or vim.lsp.get_active_clients()
  return vim.tbl_filter(function(client)
    return client.name == 'evenkeel'
  end, vim.tbl_values(all))
end

--- The current buffer's client; a buffer that belongs to no app has the one that there is.
local function current()
  return clients({ buffer = vim.api.nvim_get_current_buf() })[1] or clients({})[1]
end

function M.status()
  local client = current()
  return client and statuses[client.id]
end

--- Runs one of the language server's commands.
function M.execute(command)
  local client = current()
  if not client then
    return warn('no language server runs; open a file of an app with a Vite config')
  end
  local params = { command = command }
  local function answered(problem)
    if problem then
      warn(problem.message)
    end
  end
  if vim.fn.has('nvim-0.11') == 1 then
    client:request('workspace/executeCommand', params, answered)
  else
    client.request('workspace/executeCommand', params, answered)
  end
end

return M
