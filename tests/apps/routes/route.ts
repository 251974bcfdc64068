export interface Env {
  /** Only with `run_worker_first`. */
  ASSETS?: { fetch(request: Request): Promise<Response> }
}

export interface Route {
  /** `ALL` is any method; a `GET` route answers `HEAD`, too. */
  method: string
  path: string
  handle(request: Request, env: Env): Response | Promise<Response>
}
