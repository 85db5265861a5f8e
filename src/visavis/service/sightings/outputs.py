"""All that goes on with sightings in the background, started and stopped together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.sightingrows import last_seq
from visavis.service.jobs.alone import Alone
from visavis.service.metrics import Metrics
from visavis.service.sightings.bell import Bell
from visavis.service.sightings.courier import Courier
from visavis.service.sightings.figures import Figures
from visavis.service.sightings.receiver import Receiver
from visavis.service.sightings.retention import Retention
from visavis.serving import ServiceSettings


class Outputs:
    """The bell that says when there is something new, the couriers of the webhooks, and the end
    of what is old. `stop` may be called twice.
    """

    def __init__(self, bell: Bell, couriers: Sequence[Courier], retention: Retention) -> None:
        self.bell = bell
        self._couriers = tuple(couriers)
        self._retention = retention

    @classmethod
    def of(
        cls,
        settings: ServiceSettings,
        gallery: Gallery,
        own: Collection,
        folder: Path,
        metrics: Metrics,
    ) -> Self:
        """As the settings say. `own` is the collection of webhooks that name none; `folder` holds
        the locks by which one process alone tells a webhook.
        """
        store = own.desk.store

        def last() -> int:
            with store.read() as c:
                return last_seq(c)

        bell = Bell(store.version, last)
        figures = Figures(metrics.registry, [hook.name for hook in settings.webhooks])
        couriers = [
            Courier(
                hook,
                hook.collections or (own.name,),
                Receiver(hook),
                gallery,
                bell,
                figures,
                Alone(folder / f"{hook.name}.lock"),
            )
            for hook in settings.webhooks
        ]
        return cls(bell, couriers, Retention(gallery, settings.sightings_days, _told(couriers)))

    def start(self) -> None:
        """Begins to tell, and to purge."""
        self._retention.start()
        for courier in self._couriers:
            courier.start()

    def stop(self) -> None:
        """Ends all, and loses nothing: what was not told is told after the next start."""
        for courier in self._couriers:
            courier.stop()
        self._retention.stop()
        self.bell.stop()


def _told(couriers: Sequence[Courier]) -> dict[str, list[str]]:
    """The names of the webhooks that are told of each collection."""
    found: dict[str, list[str]] = {}
    for courier in couriers:
        for name in courier.collections:
            found.setdefault(name, []).append(courier.name)
    return found
