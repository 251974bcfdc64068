local M = {}

--- What the language server tells by `experimental/serverStatus`, in a few words.
function M.text(status)
  -- Without an activity, no dev server runs.
  if not status or not status.activity then
    return ''
  elseif not status.quiescent then
    return 'evenkeel … ' .. status.activity.title
  elseif status.health ~= 'ok' then
    return 'evenkeel ! ' .. status.message
  end
  return 'evenkeel ✓'
end

return M
