local M = {}

--- What the language server tells by `experimental/serverStatus`, in a few words.
function M.text(status)
  if not status then
    return ''
  elseif not status.quiescent then
    -- The dependency and its importer stand behind the colon.
    return 'evenkeel … ' .. status.message:match('^[^:]*')
  elseif status.health ~= 'ok' then
    return 'evenkeel ! ' .. status.message
  elseif status.message == 'no dev server' then
    return ''
  end
  return 'evenkeel ✓'
end

return M
