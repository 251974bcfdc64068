/** The Vite that this is installed beside; none, where it is linked from a folder without one. */
export const viteBeside = (): Promise<typeof import('vite') | undefined> => import('vite').catch(() => undefined)
