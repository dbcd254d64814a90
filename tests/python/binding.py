"""The library through ctypes: the few declarations that a Python program needs, and nothing else.

DIVWEIGHTS_LIBRARY says where libdivweights.so is.
"""
import ctypes
import os
from ctypes import POINTER, c_char_p, c_double, c_int32, c_int64, c_uint64, c_void_p

LIBRARY = os.environ.get("DIVWEIGHTS_LIBRARY", "build/release/libdivweights.so")
FLOAT64, COSINE = 1, 1
STOP_CONVERGED, STOP_CANCELLED = 1, 3
PROGRESS = ctypes.CFUNCTYPE(c_int32, c_int64, c_double, c_double, c_double, c_double, c_double, c_void_p)


class Failure(Exception):
    """A call that failed; its text is the library's sentence."""


def status(number):
    """What ctypes makes of a divw_status: nothing, or an exception."""
    if number != 0:
        raise Failure("%s: %s" % (library.divw_status_name(number).decode(), library.divw_error_message().decode()))


OBJECT = POINTER(c_void_p)
DECLARATIONS = {
    "divw_version": (c_char_p,),
    "divw_status_name": (c_char_p, c_int32),
    "divw_error_message": (c_char_p,),
    "divw_dataset_create_copy": (status, OBJECT, c_void_p, c_int64, c_int64, c_int32, c_int64),
    "divw_dataset_load": (status, OBJECT, c_char_p),
    "divw_dataset_count": (c_int64, c_void_p),
    "divw_dataset_dimension": (c_int64, c_void_p),
    "divw_dataset_read": (status, c_void_p, c_int64, c_int64, c_void_p),
    "divw_dataset_destroy": (None, c_void_p),
    "divw_kernel_create": (status, OBJECT, c_void_p, c_int32),
    "divw_kernel_destroy": (None, c_void_p),
    "divw_vendi_score": (status, c_void_p, POINTER(c_double), c_double, POINTER(c_double)),
    "divw_solver_create": (status, OBJECT),
    "divw_solver_set_balance": (status, c_void_p, c_double),
    "divw_solver_set_progress": (status, c_void_p, PROGRESS, c_void_p),
    "divw_solver_solve": (status, c_void_p, c_void_p, OBJECT),
    "divw_solver_destroy": (None, c_void_p),
    "divw_weights_count": (c_int64, c_void_p),
    "divw_weights_values": (POINTER(c_double), c_void_p),
    "divw_weights_vendi_score": (c_double, c_void_p),
    "divw_weights_objective_value": (c_double, c_void_p),
    "divw_weights_gap": (c_double, c_void_p),
    "divw_weights_iterations": (c_int64, c_void_p),
    "divw_weights_stop_reason": (c_int32, c_void_p),
    "divw_weights_save": (status, c_void_p, c_char_p),
    "divw_weights_load": (status, OBJECT, c_char_p),
    "divw_weights_destroy": (None, c_void_p),
    "divw_sampler_create": (status, OBJECT, POINTER(c_double), c_int64, c_uint64),
    "divw_sampler_draw": (status, c_void_p, c_int64, c_int64, c_int64, POINTER(c_int64)),
    "divw_sampler_destroy": (None, c_void_p),
}

library = ctypes.CDLL(os.path.abspath(LIBRARY))
for name, (result, *arguments) in DECLARATIONS.items():
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments


def create(function, *arguments):
    """Calls `function(&out, arguments...)`; the object, which its destroy function ends."""
    out = c_void_p()
    getattr(library, function)(out, *arguments)
    return out
