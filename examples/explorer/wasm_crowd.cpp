// SPDX-License-Identifier: MIT
// wasm_crowd.cpp: the part of the module that has to be fast; the rest has to be small.
#include "crowd.hpp"
