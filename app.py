"""Muster's Lambda functions: the HTTP API and the schedules. Declarations only."""

from chalicelib.start import uncollected

with uncollected():
    from chalice.app import Chalice, CloudWatchEvent, Rate

    from chalicelib.bootstrap import muster, seconds_left
    from chalicelib.http.api import api
    from chalicelib.http.head import answer_head
    from chalicelib.http.late_routes import late_routes
    from chalicelib.http.pages import pages
    from chalicelib.http.pasted import forgive_pasting
    from chalicelib.http.problems import answer_in_time, answer_problems
    from chalicelib.telemetry import log_failed_run, log_with_request, watch_run

app = Chalice(app_name="muster", configure_logs=False)
app.register_middleware(log_with_request, "all")
app.register_middleware(answer_problems, "http")
app.register_middleware(forgive_pasting, "http")
app.register_middleware(answer_in_time, "http")
app.register_middleware(log_failed_run, "scheduled")
app.register_middleware(watch_run, "scheduled")
app.register_blueprint(api)
app.register_blueprint(pages)
app.register_blueprint(late_routes)
answer_head(app)


@app.schedule(Rate(5, unit=Rate.MINUTES), description="Recounts totals from the cards and stamps tiers.")
def refresh_totals(event: CloudWatchEvent) -> dict[str, int]:
    refreshed = muster().refresh.refresh_totals(seconds_left(event.context))
    return {"recounted": refreshed.recounted, "drifts": len(refreshed.drifts)}


@app.schedule(Rate(1, unit=Rate.MINUTES), description="Brings the bound Google Sheets up to date.")
def sync_sheets(event: CloudWatchEvent) -> dict[str, float]:
    from sheets_sync.google import Google  # imports gspread, so only when a sync runs
    from sheets_sync.run import sync_due

    settings = muster().settings
    outcome = sync_due(
        muster().sheet_queue,
        Google(settings.sheets_api_url, settings.sheets_credentials),
        settings.sheets_requests,
        seconds_left(event.context),
        help_url=settings.help_url,
        drive_url=settings.drive_api_url,
    )
    return {**outcome, **muster().sheet_queue.health()}


@app.schedule(Rate(1, unit=Rate.MINUTES), description="Tells the news, on Discord and to programs.")
def tell_news(event: CloudWatchEvent) -> dict[str, int]:
    told = muster().news.tell(seconds_left(event.context))
    return {"delivered": told.delivered, "undelivered": told.undelivered}
