/** The published plugin that Evenkeel is measured against. Its package's exports hide the file, so it is named by path. */
export async function retryPeer(name) {
  if (name !== 'rwsdk') throw new Error(`no retry plugin called "${name}"`)
  const file = new URL('../../node_modules/rwsdk/dist/vite/staleDepRetryPlugin.mjs', import.meta.url)
  const { staleDepRetryPlugin } = await import(file.href)
  return staleDepRetryPlugin()
}
