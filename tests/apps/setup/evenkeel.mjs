// Vite bundles its config and resolves every import written out in it: the name is kept from its sight, because the bare
// stack must be measurable without the package being built.
const importUnseen = (specifier) => import(specifier)

/** EVENKEEL_PACKAGE: another one than the checkout's. */
export async function evenkeelPlugin(options) {
  const { evenkeel } = await importUnseen(process.env.EVENKEEL_PACKAGE ?? 'evenkeel')
  return evenkeel(options ? JSON.parse(options) : undefined)
}
