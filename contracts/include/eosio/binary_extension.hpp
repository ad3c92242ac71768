#pragma once

#include <snapscale/core/binary_extension.hpp>
