/** Those who belong to an account. An operator has no workflows. */
export const TENANTS = ['owner', 'admin', 'developer', 'viewer'] as const;
