/** What is different between two meetings of one package, in words; nothing where there is nothing. */
export function differences(late, stock) {
  if (late.error || stock.error) return differ(late.error, stock.error) ? [`${late.error ?? 'no error'} | stock: ${stock.error ?? 'no error'}`] : []
  return [...shapeDifferences('', late.answer.static, stock.answer.static), ...shapeDifferences('import() ', late.answer.dynamic, stock.answer.dynamic)]
}

function shapeDifferences(way, late, stock) {
  const names = [...new Set([...Object.keys(late), ...Object.keys(stock)])].sort()
  const different = names.filter((name) => differ(late[name], stock[name]))
  return different.map((name) => `${way}${name}: ${late[name] ?? 'missing'} | stock: ${stock[name] ?? 'missing'}`)
}

export const differ = (text, other) => plain(text) !== plain(other)

/** Without what differs between any two runs: ports, hashes of files, the folder of the cache. */
const plain = (text) =>
  text
    ?.replaceAll(/\?[vt]=[\w&=]+/g, '')
    .replaceAll(/\brun-\w{6}\b/g, 'run')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'host')
    .replaceAll(/\/[^\s'"]*\/(deps\w*)\/[\w.@~-]+/g, '$1/file')
