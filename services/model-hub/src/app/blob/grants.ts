/** A transfer that has begun in time goes on after it; one that must begin again asks for a new grant. */
export const GRANT_LIFETIME_MS = 3_600_000;

/** Where the data port serves what. Part of what is signed. */
export const uploadPath = (uploadId: string): string => `/uploads/${uploadId}`;
export const blobPath = (sha256: string): string => `/blobs/${sha256}`;
