// Runs where the packages run: in the page, in Vite's module runner, in workerd.
import { told } from './shape.mjs'

/** Imports a module that nobody has met before, and gives its answer. */
export async function ask(module) {
  try {
    const { answer } = await import(/* @vite-ignore */ module)
    return { answer: await answer() }
  } catch (error) {
    return { error: told(error) }
  }
}
