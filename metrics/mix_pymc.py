"""The mix model by PyMC-Marketing (the extra `mmm`), giving the same draws as the built-in one."""

from __future__ import annotations

import numpy as np

from metrics.mix_model import HARMONICS, LAGS, Draws, Panel, by_spend, carried, usable
from settings import ConfigError

CHAINS, SAMPLES = 4, 1000  # and as many to tune
PARTS = (
    "intercept_contribution", "channel_contribution", "control_contribution",
    "yearly_seasonality_contribution",
)  # fmt: skip


def fit(panel: Panel, draws: int, seed: int) -> Draws:
    """Sample the same model with PyMC-Marketing and nutpie; `draws` of the posterior are kept.

    Raises ConfigError when the extra is not installed, or spend is unknown within the weeks: a
    sampler takes no gaps."""
    try:
        import pandas as pd
        from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
        from pymc_marketing.mmm.multidimensional import MMM
    except ImportError as error:
        raise ConfigError(
            f'[mix_model] estimator = "pymc" needs {error.name}; install the extra `mmm` '
            '(pip install --no-deps -r requirements-mmm.lock) or take "built_in".'
        ) from None
    if not usable(panel).all():
        raise ConfigError(
            '[mix_model] estimator = "pymc": outcomes or spend are unknown in some weeks of the '
            "panel, which PyMC-Marketing refuses; give it mix_model.longest_run(panel)."
        )
    count, weeks = panel.outcome.shape
    channels, controls = list(panel.spends), list(panel.controls)
    table = pd.DataFrame(
        {
            "date_week": np.tile(panel.weeks.astype("datetime64[ns]"), count),
            "geo": np.repeat(panel.places, weeks),
            "y": panel.outcome.ravel(),
            "t": np.tile(np.linspace(0, 1, weeks), count),
            **{name: spend.ravel() for name, spend in panel.spends.items()},
            **{
                name: (x.ravel() - x.mean()) / (x.std() or 1.0)
                for name, x in panel.controls.items()
            },
        }
    )
    model = MMM(
        date_column="date_week", target_column="y", channel_columns=channels, dims=("geo",),
        control_columns=["t", *controls], adstock=GeometricAdstock(l_max=LAGS),
        saturation=LogisticSaturation(), yearly_seasonality=HARMONICS[count == 1],
    )  # fmt: skip
    model.fit(
        table.drop(columns="y"), table["y"], nuts_sampler="nutpie", chains=CHAINS, draws=SAMPLES,
        tune=SAMPLES, random_seed=seed, progressbar=False,
    )  # fmt: skip
    return _draws(panel, model, draws)


def _draws(panel: Panel, model: object, draws: int) -> Draws:
    """Channel effects from the sampled parameters, by week of the outcome and of the spend."""
    posterior = model.idata.posterior.stack(sample=("chain", "draw"))
    step = max(posterior.sizes["sample"] // draws, 1)
    posterior = posterior.isel(sample=slice(None, None, step))
    channels = tuple(panel.spends)

    def parameter(name: str) -> np.ndarray:
        """(samples, channels, places)"""
        found = posterior[name]
        if "geo" not in found.dims:
            found = found.expand_dims(geo=list(panel.places))
        order = found.transpose("sample", "channel", "geo")
        return order.sel(channel=list(channels), geo=list(panel.places)).to_numpy()

    def scale(name: str, *order: str) -> np.ndarray:
        found = model.scalers[name]
        if "geo" not in found.dims:
            found = found.expand_dims(geo=list(panel.places))
        return found.transpose("geo", *order).sel(geo=list(panel.places)).to_numpy()

    units = scale("_channel", "channel")
    target = scale("_target")
    alpha, rate, beta = (
        parameter(name) for name in ("adstock_alpha", "saturation_lam", "saturation_beta")
    )
    lags = np.arange(LAGS)
    caused, returned = [], []
    for place in range(len(panel.places)):
        for c, name in enumerate(channels):
            spend = panel.spends[name][place] / units[place, c]
            lagged = np.stack([np.r_[np.zeros(lag), spend[: len(spend) - lag]] for lag in lags])
            weights = alpha[:, c, place, None] ** lags
            stock = (weights / weights.sum(axis=1, keepdims=True)) @ lagged
            size = beta[:, c, place, None] * target[place]
            caused.append(size * np.tanh(0.5 * rate[:, c, place, None] * stock))
            each = zip(alpha[:, c, place], rate[:, c, place], strict=True)
            brought = np.array([by_spend(spend[None], a, r)[:, 0] for a, r in each])
            returned.append(size[:, None] * brought)
    shape = (len(panel.places), len(channels), *caused[0].shape)
    caused = np.array(caused).reshape(shape).transpose(2, 1, 0, 3)
    shape = (len(panel.places), len(channels), *returned[0].shape)
    returned, more = np.array(returned).reshape(shape).transpose(3, 2, 1, 0, 4)
    fitted = sum(
        found.mean(("chain", "draw")).sum(set(found.dims) - {"chain", "draw", "date", "geo"})
        for name, found in model.idata.posterior.data_vars.items()
        if name in PARTS
    )
    if "geo" not in fitted.dims:
        fitted = fitted.expand_dims(geo=list(panel.places))
    fitted = fitted.transpose("geo", "date").sel(geo=list(panel.places)).to_numpy()
    return Draws(
        channels, caused, returned, more, *carried(alpha.mean(axis=2)), fitted * target[:, None]
    )
