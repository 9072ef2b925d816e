/**
 * The text without passwords. A last line of defence: no message of ours should hold one, but libpq and programs of users
 * may quote them.
 */
export function redact(text: string): string {
  return text
    .replace(/(password|passwd|pwd)(\s*[=:]\s*)('[^']*'|"[^"]*"|\S+)/gi, '$1$2***')
    .replace(/(postgres(?:ql)?:\/\/[^:@/\s]*):[^@\s]*@/gi, '$1:***@');
}
