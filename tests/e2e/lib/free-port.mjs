import net from 'node:net'

/** Starts a server anew where another process has taken its port between asking for a free one and listening. */
export async function untilPortIsFree(start) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === 3 || !/Port \d+ is already in use/.test(error.message)) throw error
    }
  }
}

/** A loopback port that was free a moment ago; whoever takes it must be ready to find it taken. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
