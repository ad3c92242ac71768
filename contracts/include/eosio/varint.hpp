#pragma once

#include <snapscale/core/varint.hpp>
