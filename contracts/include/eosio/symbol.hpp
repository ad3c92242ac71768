#pragma once

#include <snapscale/core/symbol.hpp>
