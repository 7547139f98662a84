/** Whether a text may be a language tag, such as `de` or `de-AT` (RFC 5646 §2.1, as far as people write). */
export const isLanguageTag = (text: string): boolean => /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i.test(text)
