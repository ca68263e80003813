// Written by `npm run docs` from the code's own tables. Change those, not this.

/** The columns that this version has statements for, by table. */
export const COLUMNS = {
  assignments:
    "id seq pool username external_id state machine ssh_keys params secrets secret_marks recipe recipe_version ttl_seconds outputs step attempt claimed_at setup_at logged_in_at swaps trace error handover created_at active_at failed_at expires_at warn_at released_at access_ended_at",
  brakes:
    "node since dead answered cause canary_tries canary_not_before canary_failure canary_error made_room released_at released_by",
  duties: "duty last_start_at last_end_at outcome changes error",
  events: "id at kind actor reason pool node machine assignment operation before after data counted",
  idempotency_keys: "holder key fingerprint taken_at status body",
  machines:
    "id number name pool node state phase port http_port dial_host dial_port access_host access_port host_key driver driver_ref machine_spec shape strikes suspect_since ready_at create_seconds delete_seconds hold cut restarted_at deleting_since receipt evidence created_at adopted_at imported_at keep_until deleted_at",
  nodes:
    "name state scheduling labels concurrency silence_seconds session session_at last_seen_at driver driver_version relay_version ssh_public_key highest_machine_number inventory inventory_at driver_concurrency full listing last_probe_at not_alive orphans driver_problems orphan_brake created_at",
  operations:
    "id kind state node machine assignment scope record attempt token session lease_until first_leased_at not_before error result created_at finished_at counted",
  pool_samples: "pool at machines waiting claims durations",
  pools:
    "name spec target_size max_size machine_spec paused create_failures create_not_before conditions created_at removed_at",
  recipes: "name version content created_at put_at removed_at",
  sessions: "id kind hash token mark created_at expires_at",
  settings: "only installation tuned default_pool created_at",
  setup_logs: "assignment machine start_byte end_byte text",
  tallies: "metric labels le count sum",
  tester_pages: "assignment hash created_at expires_at",
  testers: "pool username assignment created_at",
  tokens: "id name role node hash created_at expires_at revoked_at used_at last_used_at",
  webhook_messages:
    "id type data once created_at not_before attempts tried_at http_status error outcome ended_at",
  webhook_receiver: "only sender busy_until failures hold_until gone",
} as const satisfies Record<string, string>;
