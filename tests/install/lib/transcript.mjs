// A page of the documentation that is typed as it stands there.
import { readFile } from 'node:fs/promises'

/** The blocks of a Markdown file that are in a language, in order. */
export async function blocks(file, language) {
  const text = await readFile(file, 'utf8')
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, named]) => named === language).map(([, , block]) => block)
}

export const commands = (block) => [...block.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command)

/** For a shell: says each command before it runs it, and ends with the first that fails. */
export const script = (block) => commands(block).map((line) => `echo ${quoted(`$ ${line}`)}\n${line} || exit 1\n`).join('')

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`

/** What a block shows, as an expression: `...` is any lines, a number any other, and before a line there may be the time. */
export function shown(block) {
  const line = (text) => (text === '...' ? '(?:.*\\n)*?' : `.*${text.replaceAll(/[^\w\s]/g, '\\$&').replaceAll(/\d+/g, '\\d+')}\\n`)
  return new RegExp(block.trimEnd().split('\n').map(line).join(''))
}

/** A text after a diff whose parts are separated by `...`. */
export function patched(text, diff) {
  const parts = diff.split('...\n').map((part) => part.trimEnd().split('\n'))
  const without = (lines, mark) => lines.filter((line) => line[0] !== mark).map((line) => `${line.slice(1)}\n`).join('')
  return parts.reduce((text, part) => {
    if (!text.includes(without(part, '+'))) throw new Error(`there is nothing like this to change:\n${part.join('\n')}\n\n${text}`)
    return text.replace(without(part, '+'), () => without(part, '-'))
  }, text)
}
