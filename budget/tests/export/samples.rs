//! Exports in the providers' own forms, with made-up figures.

/// Two pages of OpenAI's API after each other; the second bucket is empty, the third in two parts.
pub const OPENAI_PAGES: &str = r#"{
  "object": "page",
  "data": [
    {"object": "bucket", "start_time": 1793491200, "end_time": 1793577600, "results": [
      {"object": "organization.usage.completions.result", "input_tokens": 59200,
       "output_tokens": 10646, "input_cached_tokens": 5760, "input_uncached_tokens": 53440,
       "input_text_tokens": 53440, "output_text_tokens": 10646, "input_cached_text_tokens": 5760,
       "input_audio_tokens": 0, "input_cached_audio_tokens": 0, "output_audio_tokens": 0,
       "input_image_tokens": 0, "input_cached_image_tokens": 0, "output_image_tokens": 0,
       "num_model_requests": 10, "project_id": null, "user_id": null, "api_key_id": null,
       "model": "gpt-4o-2024-08-06", "batch": false, "service_tier": "default"}
    ]},
    {"object": "bucket", "start_time": 1793577600, "end_time": 1793664000, "results": []}
  ],
  "has_more": true, "next_page": "page_AAAA"
}
{
  "object": "page",
  "data": [
    {"object": "bucket", "start_time": 1793664000, "end_time": 1793750400, "results": [
      {"object": "organization.usage.completions.result", "input_tokens": 100, "output_tokens": 20,
       "input_cached_tokens": 0, "num_model_requests": 2, "model": "gpt-5-mini-2025-08-07",
       "batch": null, "service_tier": "priority"},
      {"object": "organization.usage.completions.result", "input_tokens": 300, "output_tokens": 60,
       "input_cached_tokens": 0, "input_audio_tokens": 40, "input_cached_audio_tokens": 8,
       "num_model_requests": 6, "model": "gpt-5-mini-2025-08-07", "batch": true,
       "service_tier": "scale", "new_word": "unheard of"}
    ]}
  ],
  "has_more": false, "next_page": null
}"#;

/// The usage dashboard's table: a bucket without usage has times alone, and a spreadsheet wrote the
/// counts.
pub const OPENAI_TABLE: &str = "\u{feff}start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens,input_text_tokens,output_text_tokens,input_cached_text_tokens,input_audio_tokens,input_cached_audio_tokens,output_audio_tokens,input_image_tokens,input_cached_image_tokens,output_image_tokens\r
1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,proj_a,10.0,user-a,key_a,gpt-4o-2024-08-06,FALSE,default,59200.0,10646.0,5760.0,53440.0,53440.0,10646.0,5760.0,0.0,0.0,0.0,0.0,0.0,0.0\r
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,,,,,,,,,,,,,,,,,,,,\r
1793664000,1793750400,2026-11-03T00:00:00+00:00,2026-11-04T00:00:00+00:00,\"a, \"\"b\"\"\",3,,,gpt-4o-mini-2024-07-18,TRUE,default,900,90,0,900,900,90,0,0,0,0,0,0,0\r
";

/// A page of Anthropic's Admin API.
pub const ANTHROPIC_PAGE: &str = r#"{
  "data": [
    {"starting_at": "2026-11-01T00:00:00Z", "ending_at": "2026-11-02T00:00:00Z", "results": [
      {"uncached_input_tokens": 1500,
       "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
       "cache_read_input_tokens": 200, "output_tokens": 500,
       "server_tool_use": {"web_search_requests": 10}, "api_key_id": null, "workspace_id": null,
       "model": "claude-opus-4-5-20251101", "service_tier": "standard", "context_window": "0-200k",
       "inference_geo": "global"},
      {"uncached_input_tokens": 7, "cache_creation": {"ephemeral_1h_input_tokens": 0,
       "ephemeral_5m_input_tokens": 0}, "cache_read_input_tokens": 0, "output_tokens": 3,
       "server_tool_use": {"web_search_requests": 0}, "model": "claude-opus-4-5-20251101",
       "service_tier": "batch", "context_window": "200k-1M", "speed": "fast"}
    ]},
    {"starting_at": "2026-11-02T00:00:00Z", "ending_at": "2026-11-03T00:00:00Z", "results": []}
  ],
  "has_more": false, "next_page": null
}"#;

/// The Console's table by days.
pub const ANTHROPIC_TABLE: &str = "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-11-01,claude-opus-4-5-20251101,gateway,Default,standard,≤ 200k,1500,500,1000,200,500,10,not_available,
2026-11-01,claude-haiku-4-5-20251001,gateway,Default,standard,≤ 200k,8,0,0,0,1,0,us,
";
