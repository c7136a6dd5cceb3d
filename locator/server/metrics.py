"""Counts for Prometheus. No label holds anything of a repository, a report or an issue."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TYPE = CONTENT_TYPE_LATEST


class Meters:
    """One set of counts a service."""

    def __init__(self) -> None:
        self.registry = r = CollectorRegistry()
        self.requests = Counter("bugatlas_requests", "Requests", ["method", "route", "status"], registry=r)
        self.seconds = Histogram(
            "bugatlas_request_seconds", "Seconds a request took", ["route"], buckets=BUCKETS, registry=r
        )
        self.locate = Histogram(
            "bugatlas_locate_seconds", "Seconds the locator took", buckets=BUCKETS, registry=r
        )
        self.verdicts = Counter("bugatlas_answers", "Answers, by verdict", ["verdict"], registry=r)
        self.feedback = Counter("bugatlas_feedback", "What people said of files", ["said"], registry=r)
        self.judged = Counter(
            "bugatlas_judged", "Answers that a model was asked for", ["mode", "outcome"], registry=r
        )
        self.tokens = Counter("bugatlas_model_tokens", "Tokens read and written", ["stage"], registry=r)
        self.money = Counter("bugatlas_model_money", "Money, by the configured prices", ["stage"], registry=r)
        self.busy = Gauge("bugatlas_queries", "Queries running or waiting", registry=r)
        self.refused = Counter("bugatlas_queries_refused", "Queries turned away: too many waited", registry=r)
        self.replaced = Counter(
            "bugatlas_workers_replaced", "Processes that answered questions and ended", registry=r
        )
        self.jobs = Counter("bugatlas_jobs", "Indexing jobs, by how they ended", ["state"], registry=r)
        self.repositories = Gauge("bugatlas_repositories", "Repositories in the index", registry=r)
        self.files = Gauge("bugatlas_files", "Files in the index", registry=r)
        self.edition = Gauge("bugatlas_index_edition", "How often the index was re-opened", registry=r)
        self.deliveries = Counter(
            "bugatlas_deliveries",
            "Webhook deliveries, by what became of them",
            ["tracker", "outcome"],
            registry=r,
        )
        self.comments = Counter(
            "bugatlas_comments", "Issues handled, by what was done", ["tracker", "done"], registry=r
        )
        self.queue = Gauge("bugatlas_queue", "Issues waiting, by state", ["state"], registry=r)

        self.down = Gauge(
            "bugatlas_threads_down", "Threads that ended or whose last turn failed", ["part"], registry=r
        )

    def text(self) -> bytes:
        """Everything, in the text format."""
        return generate_latest(self.registry)
