;;; What eglot hears of a file: its diagnostics and the titles of their code actions, as JSON.  -*- lexical-binding: t -*-
(require 'eglot)
(require 'json)

(let ((root (file-name-as-directory (getenv "ROOT"))))
  (setq project-find-functions (list (lambda (_) (cons 'transient root)))
        eglot-server-programs (list (list 'js-mode (getenv "EVENKEEL") "lsp"))
        create-lockfiles nil))

(find-file (getenv "FILE"))
(js-mode)
(apply #'eglot--connect (eglot--guess-contact))

(defun late-imports ()
  "The diagnostics of this buffer, once there are some."
  (let ((deadline (+ (float-time) 20)) found)
    (while (and (not found) (< (float-time) deadline))
      (accept-process-output nil 0.1)
      (unless (bound-and-true-p flymake-mode) (flymake-mode 1))
      (flymake-start)
      (setq found (flymake-diagnostics)))
    found))

(let* ((found (late-imports))
       (actions (and found
                     (eglot-code-actions (flymake-diagnostic-beg (car found)) (flymake-diagnostic-end (car found))))))
  (princ
   (json-encode
    `((diagnostics . ,(vconcat (mapcar (lambda (one)
                                         `((line . ,(line-number-at-pos (flymake-diagnostic-beg one)))
                                           (text . ,(flymake-diagnostic-text one))))
                                       found)))
      (actions . ,(vconcat (mapcar (lambda (one) (plist-get one :title)) actions)))))))

(eglot-shutdown (eglot-current-server))
