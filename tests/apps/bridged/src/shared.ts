/** Imported on both sides: a test saves it in a copy. */
export const shared = 'shared 0'
