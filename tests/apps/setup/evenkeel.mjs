// Vite bundles its config and resolves every import written out in it: the name is kept from its sight, because the bare
// stack must be measurable without the package being built.
const importUnseen = (specifier) => import(specifier)

export async function evenkeelPlugin(options) {
  const { evenkeel } = await importUnseen('evenkeel')
  return evenkeel(options ? JSON.parse(options) : undefined)
}
