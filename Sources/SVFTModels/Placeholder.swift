// Placeholder so that the manifest resolves; the floor's first file replaces it.
