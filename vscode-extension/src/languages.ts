// Languages without suggestions. No editor in here.

/** The list with a language added, or without it where it was there. */
export function toggled(languages: readonly string[], language: string): string[] {
  return languages.includes(language)
    ? languages.filter((each) => each !== language)
    : [...languages, language];
}
