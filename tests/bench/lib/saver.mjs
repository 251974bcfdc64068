// Saves the journal of a sidecar whenever its parent says so. To start a process takes the one who starts it as long as the
// system lets it wait: the parent, which measures, must not.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { binary } from './client.mjs'

process.on('message', async ({ pid, file }) => {
  const saving = spawn(binary, ['events', '--pid', String(pid), '--save', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(saving, 'close')
  process.send(code === 0)
})
