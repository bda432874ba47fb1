"""Residuals that are shared out: the same as those of one process, for any number of processes."""

from __future__ import annotations

import numpy as np
import pytest
from threads_team import team_of

from potentia.compiler.diagnostics.diagnostic import ToolError
from potentia.runtime.information.cross_validation import quadratic_model_and_errors
from potentia.runtime.residuals.config import FitConfig
from potentia.runtime.residuals.outputs import outputs_of
from potentia.runtime.residuals.residuals import Residuals, Sigmas
from potentia.runtime.residuals.shared import cost, residuals_on, shares
