#pragma once

#include <snapscale/core/serialize.hpp>
