"""libdivweights for Python: one file over ctypes and NumPy, to copy beside your program.

    with Dataset(rows) as dataset, Kernel(dataset) as kernel, Solver(balance=0.5) as solver:
        weights = solver.solve(kernel)
    stream = Stream(Sampler(weights.values, seed=1), batch_size=64)
    batch = rows[stream.next_batch()]

Rows are read where they are, in their own type. A call that fails raises Error with the library's sentence. An object
ends with its `with`, by close(), or when nothing refers to it; what it lent to others (rows to kernels, the sampler to
streams, values to arrays) lives on until they end. The library is the one that DIVWEIGHTS_LIBRARY names, else the one
that the system finds, else that of pkg-config. What is not wrapped here is a line in DECLARATIONS away, through
`library`.
"""
import ctypes
import ctypes.util
import os
import shutil
import subprocess
from ctypes import POINTER, c_char_p, c_double, c_int32, c_int64, c_uint64, c_void_p

import numpy

DTYPES = {"float64": 1, "float32": 2, "float16": 3, "uint8": 4}
LAYOUTS = {"strided": 1, "blocks": 2}
LAST_BATCHES = {"wrap": 1, "drop": 2, "short": 3}
STATE_BYTES = 80


class Error(Exception):
    """A call that failed. The text is the library's sentence, `name` its status, such as "DIVW_ERROR_FILE"."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.name = library.divw_status_name(status).decode()


def check(status):
    """What ctypes makes of a divw_status: nothing, or an exception."""
    if status != 0:
        raise Error(status, library.divw_error_message().decode())


OBJECT, DOUBLES, INTEGERS = POINTER(c_void_p), POINTER(c_double), POINTER(c_int64)
PROGRESS = ctypes.CFUNCTYPE(c_int32, c_int64, c_double, c_double, c_double, c_double, c_double, c_void_p)
DECLARATIONS = {
    "divw_version": (c_char_p,),
    "divw_status_name": (c_char_p, c_int32),
    "divw_error_message": (c_char_p,),
    "divw_threads": (c_int32,),
    "divw_set_threads": (check, c_int32),
    "divw_dataset_create_borrowed": (check, OBJECT, c_void_p, c_int64, c_int64, c_int32, c_int64),
    "divw_dataset_load": (check, OBJECT, c_char_p),
    "divw_dataset_select_labels": (check, OBJECT, c_void_p, INTEGERS, c_int64),
    "divw_dataset_set_labels": (check, c_void_p, INTEGERS, c_int64),
    "divw_dataset_load_labels": (check, c_void_p, c_char_p),
    "divw_dataset_labels": (INTEGERS, c_void_p),
    "divw_dataset_count": (c_int64, c_void_p),
    "divw_dataset_dimension": (c_int64, c_void_p),
    "divw_dataset_read": (check, c_void_p, c_int64, c_int64, c_void_p),
    "divw_dataset_destroy": (None, c_void_p),
    "divw_kernel_create": (check, OBJECT, c_void_p, c_int32),
    "divw_kernel_name": (c_char_p, c_int32),
    "divw_kernel_destroy": (None, c_void_p),
    "divw_vendi_score": (check, c_void_p, DOUBLES, c_double, DOUBLES),
    "divw_solver_create": (check, OBJECT),
    "divw_solver_set_balance": (check, c_void_p, c_double),
    "divw_solver_set_order": (check, c_void_p, c_double),
    "divw_solver_set_entropy_weight": (check, c_void_p, c_double),
    "divw_solver_set_max_weight": (check, c_void_p, c_double),
    "divw_solver_set_min_weight": (check, c_void_p, c_double),
    "divw_solver_set_effective_examples": (check, c_void_p, c_double),
    "divw_solver_set_tolerance": (check, c_void_p, c_double),
    "divw_solver_set_max_iterations": (check, c_void_p, c_int64),
    "divw_solver_set_excluded": (check, c_void_p, INTEGERS, c_int64),
    "divw_solver_set_quality": (check, c_void_p, DOUBLES, c_int64),
    "divw_solver_set_initial": (check, c_void_p, DOUBLES, c_int64),
    "divw_solver_set_progress": (check, c_void_p, PROGRESS, c_void_p),
    "divw_solver_solve": (check, c_void_p, c_void_p, OBJECT),
    "divw_solver_destroy": (None, c_void_p),
    "divw_weights_count": (c_int64, c_void_p),
    "divw_weights_values": (DOUBLES, c_void_p),
    "divw_weights_vendi_score": (c_double, c_void_p),
    "divw_weights_vendi_score_uniform": (c_double, c_void_p),
    "divw_weights_effective_examples": (c_double, c_void_p),
    "divw_weights_objective_value": (c_double, c_void_p),
    "divw_weights_gap": (c_double, c_void_p),
    "divw_weights_iterations": (c_int64, c_void_p),
    "divw_weights_stop_reason": (c_int32, c_void_p),
    "divw_weights_report": (c_char_p, c_void_p),
    "divw_weights_save": (check, c_void_p, c_char_p),
    "divw_weights_load": (check, OBJECT, c_char_p),
    "divw_weights_destroy": (None, c_void_p),
    "divw_stop_name": (c_char_p, c_int32),
    "divw_sampler_create_epochs": (check, OBJECT, DOUBLES, c_int64, c_uint64, c_int32, c_int64, INTEGERS),
    "divw_sampler_draw": (check, c_void_p, c_int64, c_int64, c_int64, INTEGERS),
    "divw_sampler_epoch_length": (c_int64, c_void_p),
    "divw_sampler_destroy": (None, c_void_p),
    "divw_scheme_name": (c_char_p, c_int32),
    "divw_stream_create": (check, OBJECT, c_void_p, c_int64),
    "divw_stream_set_rank": (check, c_void_p, c_int64, c_int64),
    "divw_stream_set_layout": (check, c_void_p, c_int32),
    "divw_stream_set_last_batch": (check, c_void_p, c_int32),
    "divw_stream_batch_size": (c_int64, c_void_p),
    "divw_stream_seek": (check, c_void_p, c_int64, c_int64),
    "divw_stream_epoch": (c_int64, c_void_p),
    "divw_stream_position": (c_int64, c_void_p),
    "divw_stream_next_batch": (check, c_void_p, INTEGERS, INTEGERS),
    "divw_stream_state": (check, c_void_p, c_void_p, c_int64),
    "divw_stream_restore": (check, c_void_p, c_void_p, c_int64),
    "divw_stream_destroy": (None, c_void_p),
}


def library_path():
    path = os.environ.get("DIVWEIGHTS_LIBRARY") or ctypes.util.find_library("divweights")
    if not path and shutil.which("pkg-config"):
        asked = subprocess.run(["pkg-config", "--variable=libdir", "divweights"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
        path = asked.stdout.strip() and os.path.join(asked.stdout.strip(), "libdivweights.so")
    if not path:
        raise OSError("libdivweights is not installed where the system or pkg-config looks; DIVWEIGHTS_LIBRARY can say "
                      "where libdivweights.so is")
    return path


library = ctypes.CDLL(library_path())
for declared, (result, *types) in DECLARATIONS.items():
    getattr(library, declared).restype, getattr(library, declared).argtypes = result, types


def set_threads(count=None):
    """The threads of the library, None: as many as it has. A program that calls this, as the command does, has the
    faster way to share out work: NumPy's BLAS, where it is the library's, then gets as many between calls, and within
    them what the library chooses."""
    library.divw_set_threads(library.divw_threads() if count is None else count)


def number_of(name, names):
    """The number that the library calls by this name: the choices are the library's own."""
    choices = [names(number).decode() for number in range(1, 32)]
    choices = choices[:choices.index("unknown")]
    return 1 + choices.index(name) if name in choices else refuse(name, choices)


def refuse(value, choices):
    raise ValueError("%r is none of %s" % (value, ", ".join(map(repr, choices))))


def doubles(values):
    """An array to hand over, and the pointer to it, which is good as long as the array is; None is NULL."""
    if values is None:
        return None, None
    array = numpy.ascontiguousarray(values, numpy.float64)
    return array, array.ctypes.data_as(DOUBLES)


def integers(values):
    if values is None:
        return None, None
    array = numpy.ascontiguousarray(numpy.asarray(values).astype(numpy.int64, casting="same_kind"))
    return array, array.ctypes.data_as(INTEGERS)


class Owner:
    """Ends an object of the library when the last one that needs it is gone; keeps what that object needs."""

    def __init__(self, kind, handle, keeps):
        self.destroy, self.handle, self.keeps = getattr(library, "divw_%s_destroy" % kind), handle, keeps

    def __del__(self):
        self.destroy(self.handle)


class Object:
    """What all classes below share. ctypes takes an object for its handle, and a closed one for NULL."""

    kind = _as_parameter_ = owner = None

    def create(self, function, *arguments, keeps=()):
        """Calls `function(&out, arguments...)` and owns what comes out."""
        out = c_void_p()
        function(out, *arguments)
        self.own(out, keeps)

    def own(self, handle, keeps=()):
        self._as_parameter_, self.owner = handle, Owner(self.kind, handle, keeps)

    def close(self):
        self._as_parameter_ = self.owner = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Dataset(Object):
    """Rows of a NumPy array, in place: float64, float32, float16 or uint8; further axes are columns. They must not
    change while the dataset or a kernel on it lives. Other arrays are refused, since they would need a copy."""

    kind = "dataset"

    def __init__(self, rows):
        if rows.ndim != 2:
            if not rows.flags.c_contiguous or rows.ndim < 1:
                raise ValueError("an array of %d axes that is not contiguous; numpy.ascontiguousarray() copies it"
                                 % rows.ndim)
            rows = rows.reshape(len(rows), -1)
        count, dimension = rows.shape
        if rows.dtype.name not in DTYPES or not rows.dtype.isnative:
            raise ValueError("rows of type %s: %s of this machine's byte order are accepted; astype() copies"
                             % (rows.dtype.str, ", ".join(DTYPES)))
        stride = rows.strides[0] if count > 1 else 0
        if (dimension > 1 and rows.strides[1] != rows.itemsize) or 0 < stride < dimension * rows.itemsize or stride < 0:
            raise ValueError("rows whose numbers are not side by side; numpy.ascontiguousarray() copies them")
        self.create(library.divw_dataset_create_borrowed, rows.ctypes.data, count, dimension, DTYPES[rows.dtype.name],
                    stride, keeps=(rows,))

    @classmethod
    def load(cls, path, labels=None):
        """Rows of any file or folder that the library reads, with the labels of a file of whole numbers."""
        dataset = cls.__new__(cls)
        dataset.create(library.divw_dataset_load, os.fsencode(path))
        if labels is not None:
            library.divw_dataset_load_labels(dataset, os.fsencode(labels))
        return dataset

    def select_labels(self, *labels):
        """The rows with these labels, in their old order."""
        dataset, (array, pointer) = Dataset.__new__(Dataset), integers(labels)
        dataset.create(library.divw_dataset_select_labels, self, pointer, len(array), keeps=(self.owner,))
        return dataset

    def __len__(self):
        return library.divw_dataset_count(self)

    dimension = property(lambda self: library.divw_dataset_dimension(self))

    @property
    def labels(self):
        """A copy of the labels; None without."""
        labels = library.divw_dataset_labels(self)
        return numpy.array(labels[:len(self)], numpy.int64) if labels else None

    @labels.setter
    def labels(self, labels):
        array, pointer = integers(labels)
        library.divw_dataset_set_labels(self, pointer, len(array))

    def read(self, first=0, count=None):
        """A copy of rows, as float64."""
        count = len(self) - first if count is None else count
        rows = numpy.empty((max(count, 0), self.dimension))
        library.divw_dataset_read(self, first, count, rows.ctypes.data)
        return rows


class Kernel(Object):
    """A similarity of the rows of a dataset, by the library's name for it."""

    kind = "kernel"

    def __init__(self, dataset, similarity="cosine"):
        self.create(library.divw_kernel_create, dataset, number_of(similarity, library.divw_kernel_name),
                    keeps=(dataset.owner,))
        self.count = len(dataset)

    def vendi_score(self, weights=None, order=1):
        """How many completely different rows would be as diverse, under weights or evenly."""
        array, pointer = doubles(weights)
        if array is not None and array.shape != (self.count,):
            raise ValueError("weights of shape %s for %d rows" % (array.shape, self.count))
        score = c_double()
        library.divw_vendi_score(self, pointer, order, score)
        return score.value


class Solver(Object):
    """Options are the library's: Solver(balance=0.9, max_weight=0.01, excluded=[3, 4]). `progress` is called with
    iteration, Vendi Score, entropy, objective, gap and seconds; True as its answer stops the solve, and so does an
    exception, which solve() then raises."""

    kind = "solver"
    arrays = {"excluded": integers, "quality": doubles, "initial": doubles}

    def __init__(self, progress=None, **options):
        self.create(library.divw_solver_create)
        self.progress = progress
        for name, value in options.items():
            setter = "divw_solver_set_" + name
            if setter not in DECLARATIONS:
                raise TypeError("Solver: there is no option %s" % name)
            if name in self.arrays:
                array, pointer = self.arrays[name](value)
                getattr(library, setter)(self, pointer, array.size)
            else:
                getattr(library, setter)(self, value)

    def solve(self, kernel):
        raised = []

        def report(*values):
            try:
                return bool(self.progress(*values[:-1]))
            except BaseException as exception:  # ctypes would print it and go on
                raised.append(exception)
                return True

        function = PROGRESS(report) if self.progress else PROGRESS()
        library.divw_solver_set_progress(self, function, None)
        weights, out = Weights.__new__(Weights), c_void_p()
        library.divw_solver_solve(self, kernel, out)
        weights.own(out)
        if raised:
            raise raised[0]
        return weights


class Weights(Object):
    """The weights that Solver.solve() found or a file holds, and what they achieve."""

    kind = "weights"

    def __init__(self, path):
        self.create(library.divw_weights_load, os.fsencode(path))

    @property
    def values(self):
        """The weights, read only, where the library has them."""
        memory = (c_double * len(self)).from_address(ctypes.addressof(library.divw_weights_values(self).contents))
        memory.owner = self.owner
        array = numpy.frombuffer(memory)
        array.flags.writeable = False
        return array

    def __len__(self):
        return library.divw_weights_count(self)

    def save(self, path):
        library.divw_weights_save(self, os.fsencode(path))

    vendi_score = property(lambda self: library.divw_weights_vendi_score(self))
    vendi_score_uniform = property(lambda self: library.divw_weights_vendi_score_uniform(self))
    effective_examples = property(lambda self: library.divw_weights_effective_examples(self))
    objective_value = property(lambda self: library.divw_weights_objective_value(self))
    gap = property(lambda self: library.divw_weights_gap(self))
    iterations = property(lambda self: library.divw_weights_iterations(self))
    stop_reason = property(lambda self: library.divw_stop_name(library.divw_weights_stop_reason(self)).decode())
    report = property(lambda self: library.divw_weights_report(self).decode(), doc="All of it, as JSON.")


class Sampler(Object):
    """Draws rows with their weights. Schemes: "with-replacement", "without-replacement", "systematic"."""

    kind = "sampler"

    def __init__(self, weights, seed, scheme="with-replacement", epoch_length=0, labels=None):
        array, pointer = doubles(weights)
        label_array, label_pointer = integers(labels)
        if label_array is not None and len(label_array) != len(array):
            raise ValueError("%d labels for %d weights" % (len(label_array), len(array)))
        number = number_of(scheme, library.divw_scheme_name)
        self.create(library.divw_sampler_create_epochs, pointer, len(array), seed, number, epoch_length, label_pointer)

    epoch_length = property(lambda self: library.divw_sampler_epoch_length(self))

    def draw(self, first, count, epoch=0):
        """Draws number first, first + 1, ... of an epoch."""
        draws = numpy.empty(max(count, 0), numpy.int64)
        library.divw_sampler_draw(self, epoch, first, count, draws.ctypes.data_as(INTEGERS))
        return draws


class Stream(Object):
    """Batch after batch of a sampler, for one rank of a world. Layouts: "strided", "blocks"; at the end of an epoch
    a batch may "wrap" into the next one, "drop" or be "short"."""

    kind = "stream"

    def __init__(self, sampler, batch_size, rank=0, world=1, layout="strided", last_batch="wrap"):
        self.create(library.divw_stream_create, sampler, batch_size, keeps=(sampler.owner,))
        library.divw_stream_set_rank(self, rank, world)
        library.divw_stream_set_layout(self, LAYOUTS.get(layout) or refuse(layout, LAYOUTS))
        library.divw_stream_set_last_batch(self, LAST_BATCHES.get(last_batch) or refuse(last_batch, LAST_BATCHES))

    batch_size = property(lambda self: library.divw_stream_batch_size(self))
    epoch = property(lambda self: library.divw_stream_epoch(self))
    position = property(lambda self: library.divw_stream_position(self))

    def next_batch(self):
        """Positions of the rows of the next batch."""
        batch, count = numpy.empty(self.batch_size, numpy.int64), c_int64()
        library.divw_stream_next_batch(self, batch.ctypes.data_as(INTEGERS), count)
        return batch[:count.value]

    def seek(self, epoch, position):
        library.divw_stream_seek(self, epoch, position)

    def state(self):
        """The place in the sequence, as bytes for a checkpoint."""
        state = ctypes.create_string_buffer(STATE_BYTES)
        library.divw_stream_state(self, state, STATE_BYTES)
        return state.raw

    def restore(self, state):
        """Goes to the place of a state of the same sampler; rank, world and batch size may be others."""
        library.divw_stream_restore(self, state, len(state))
