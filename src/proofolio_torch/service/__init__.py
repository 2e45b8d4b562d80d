"""Answer over HTTP: any scorer behind keys, limits, time-outs, a fallback and a decision log.

    from proofolio_torch import service
    app = service.create(scorer, settings=service.Settings(keys=service.Keys.read()))

What it is not: it ends no TLS, limits no rate per caller and keeps no user accounts; put it behind
a proxy that does. Needs the extra `serve`.
"""

from proofolio_torch.service.anchored import Head, Verdict, verify
from proofolio_torch.service.app import create
from proofolio_torch.service.decisions import DecisionLog
from proofolio_torch.service.keys import Keys
from proofolio_torch.service.refusals import RequestRefused, ServiceError
from proofolio_torch.service.run import serve
from proofolio_torch.service.scorer import Endpoint, Reason, Scored, Scorer
from proofolio_torch.service.settings import Settings

__all__ = [
    "DecisionLog",
    "Endpoint",
    "Head",
    "Keys",
    "Reason",
    "RequestRefused",
    "Scored",
    "Scorer",
    "ServiceError",
    "Settings",
    "Verdict",
    "create",
    "serve",
    "verify",
]
