import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { copyApp } from './app.mjs'

const perSection = 100

/**
 * A copy of an app with thousands of modules more, in sections that its draft page may import but never does: no request
 * transforms them, a crawl all of them.
 */
export async function bigApp(app, modules = 3_000) {
  const copy = await copyApp(app)
  const sections = Array.from({ length: Math.ceil(modules / perSection) }, (_, section) => section)
  for (const section of sections) {
    const folder = path.join(copy.root, `src/big/section-${section}`)
    await mkdir(folder, { recursive: true })
    const count = Math.min(perSection, modules - section * perSection)
    const files = Array.from({ length: count }, (_, at) => writeFile(path.join(folder, `part-${at}.tsx`), part(at, count)))
    await Promise.all(files)
  }
  const entries = sections.map((section) => `  () => import('./big/section-${section}/part-0'),`)
  await writeFile(path.join(copy.root, 'src/draft.tsx'), draftWith(entries))
  await writeFile(path.join(copy.root, 'vite.config.mjs'), config)
  return copy
}

/** How many of its modules the worker's environment has transformed. */
export async function transformed(server) {
  const counts = await (await fetch(`${server.url}/__transforms`)).json()
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** A tree of modules as people write them: some markup, some state, a function. */
function part(at, count) {
  const children = [2 * at + 1, 2 * at + 2].filter((child) => child < count)
  const imports = children.map((child) => `import { Part as Part${child} } from './part-${child}'`)
  return `import { useMemo, useState, type ReactNode } from 'react'
${imports.join('\n')}

interface Props {
  title: string
  children?: ReactNode
}

const label = (title: string, times: number): string => \`\${title} \${times} of ${at}\`

export function Part({ title, children }: Props) {
  const [times, setTimes] = useState(0)
  const text = useMemo(() => label(title, times), [title, times])
  return (
    <section className="part" onClick={() => setTimes((before) => before + 1)}>
      <h2>{text}</h2>
      {times > 0 ? <p>{\`\${times} times\`}</p> : null}
${children.map((child) => `      <Part${child} title={title} />`).join('\n')}
      {children}
    </section>
  )
}
`
}

const draftWith = (entries) => `import { useState } from 'react'

export const sections = [
${entries.join('\n')}
]

export default function Draft() {
  const [count] = useState(sections.length)
  return <p data-page="draft">{\`draft knows \${count} sections\`}</p>
}
`

const config = `import { transformCount } from '../setup/transform-count.mjs'
import { viteConfig } from '../setup/vite-config.mjs'

export default async () => {
  const { plugins, ...config } = await viteConfig()
  return { ...config, plugins: [transformCount('/src/big/'), ...plugins] }
}
`
