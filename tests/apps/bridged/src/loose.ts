/** Imported on both sides, on the borrowing one in a way that Vite does not see: nothing there can accept an update of it. */
export const loose = 'loose 0'
