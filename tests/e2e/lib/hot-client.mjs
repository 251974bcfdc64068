/** Listens as Vite's client in a browser does, and keeps what it is told. */
export async function connectHotClient(app) {
  const { protocol, host, pathname } = new URL(`${app.url}/`)
  const socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname}`, 'vite-hmr')
  const heard = []
  const connected = new Promise((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error('no websocket connection to Vite')))
    socket.addEventListener('message', ({ data }) => {
      const payload = JSON.parse(data)
      if (payload.type === 'connected') return resolve()
      if (payload.type !== 'ping') heard.push(payload)
    })
  })
  await connected
  return {
    heard,
    reloads: () => heard.filter(({ type }) => type === 'full-reload').length,
    close: () => socket.close(),
  }
}
