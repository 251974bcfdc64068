import { writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * What a save may put into `src/draft.tsx`: a page with a number, so that every save is told from the one before, and with
 * what the given spare dependencies say.
 */
export function draft(number, deps, { also = '' } = {}) {
  const lines = [
    "import { useState } from 'react'",
    ...deps.map(({ imports }) => imports),
    also,
    'export default function Draft() {',
    `  const [number] = useState(${number})`,
    '  return (',
    '    <main>',
    '      <h1>{`draft ${number}`}</h1>',
    ...deps.map(({ content }) => `      <div>{${content}}</div>`),
    '    </main>',
    '  )',
    '}',
  ]
  return { source: `${lines.join('\n')}\n`, expects: [`<h1>draft ${number}</h1>`, ...deps.map(({ expect }) => expect)] }
}

export const draftFile = (root) => path.join(root, 'src/draft.tsx')

export const saveDraft = (root, { source }) => writeFile(draftFile(root), source)

export const shows = ({ expects }, { status, text }) => status === 200 && expects.every((expect) => text.includes(expect))
